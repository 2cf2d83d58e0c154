"""The base of all components: decides the type's token, whose children resources are, and how a rename is survived.

Pulumi knows a resource by its type, its name and those of its parents. Changed, it is another resource: the old one is
deleted, or, protected as ours are, the deployment refused. So who renames says what it was called:

* a resource: `opts=self.own(formerly=["old-name"])`;
* a component: `formerly = (pulumi.Alias(name="old-name"),)`, or `(pulumi.Alias(type_=token("OldClass")),)`, in its
  class. Its children follow by themselves.

The next `pulumi up` then changes nothing but the names in the state, in every stack; after that the line can go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pulumi


def token(name: str) -> str:
    return f"ib-trading:index:{name}"


class Component(pulumi.ComponentResource):
    formerly: ClassVar[tuple[pulumi.Alias, ...]] = ()
    """What this component was called before."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        named = pulumi.ResourceOptions(aliases=list(self.formerly))
        super().__init__(token(type(self).__name__), name, None, pulumi.ResourceOptions.merge(opts, named))

    def own(
        self, *needs: pulumi.Resource, protect: bool = False, formerly: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource of this component, made after what it `needs`. Protected, Pulumi refuses to delete or
        replace it before anything is touched: the provider's own protection refuses only when others are gone."""
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=list(needs),
            protect=protect,
            aliases=[pulumi.Alias(name=name) for name in formerly],
        )
