"""What a key is worth: what a call changes is done once for its key, and whoever asks again gets the same answer.

A key is claimed before anything is read, and the work done on the leased ledger. Whoever finds the key taken gets the
stored answer, or is told that the work goes on; a run that died is settled from the broker's records first, and has
given its key back if it came to nothing. What the work is, the intents decide; what a run's states mean,
core/journal.py.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from ib_trading.core.journal import Run, RunState, body_hash, given_up, signature
from ib_trading.core.order import Order
from ib_trading.core.refusals import KeyReused, Refusal, RunInProgress, StaleFence
from ib_trading.intents import story
from ib_trading.intents.intent import Answer, Call
from ib_trading.intents.leased_ledger import LeasedLedger
from ib_trading.intents.read_snapshot import account_to_trade
from ib_trading.intents.services import Services
from ib_trading.intents.settle import settle_earlier
from ib_trading.ports.broker import Broker
from ib_trading.schema.trading_config import TradingConfig

Work = Callable[[Broker, Run, LeasedLedger], Answer]
"""What is done for a key that is ours: on a gateway's session, with the ledger to write."""


@dataclass(frozen=True, slots=True)
class KeyedRun:
    """One call, of whose key at most one run comes to anything."""

    services: Services
    intent: str
    call: Call[Any]
    config: TradingConfig
    signed: bool = True
    """Whether a call that brings no key repeats one that asked the same within `retryCheckMinutes`; else each such call
    is a new one."""

    def answer(self, work: Work) -> Answer:
        """What `work` answers, or what was answered to this key before. `work` ends the run, or raises."""
        run = self._run_for_key()
        earlier = self._claim(run)
        if earlier is not None:
            repeated = self._repeated(run, earlier)
            if repeated is not None:
                return repeated
            # That run died before it did anything, and has given the key back.
            if self._claim(run) is not None:
                raise RunInProgress("the same request is still being worked on; ask again later")
        story.claimed(run)
        return self._claimed(run, work)

    @contextmanager
    def refusing(self, run: Run, ledger: LeasedLedger) -> Generator[None]:
        """Around everything before the first order may leave: what is refused for good is the run's stored answer."""
        try:
            yield
        except StaleFence as error:
            raise RunInProgress(f"{error.detail} (nothing was sent)") from error
        except Refusal as error:
            if not error.withdraws_claim:
                self.end(run, ledger, RunState.REFUSED, Answer({}, error))
            raise

    def end(
        self,
        run: Run,
        ledger: LeasedLedger,
        state: RunState,
        answer: Answer,
        orders: Sequence[Order] = (),
    ) -> Answer:
        """`answer`, once it is kept for whoever asks with the same key."""
        response = self.services.responses.response(run.run_id, answer.members, answer.refusal)
        ended = replace(run, state=state, response=response)
        ledger.record_run(ended, orders)
        story.run_ended(ended)
        return replace(answer, response=response)

    def _run_for_key(self) -> Run:
        body = msgspec.to_builtins(self.call.request)
        own = signature(self.services.mode, self.intent, body) if self.signed else f"call:{self.call.run_id}"
        return Run(
            run_id=self.call.run_id,
            key=self.call.key or own,
            body_hash=body_hash(self.intent, body),
            intent=self.intent,
            state=RunState.CLAIMED,
            claimed_at=self.services.clock.now(),
        )

    def _claim(self, run: Run) -> Run | None:
        """None if the run is ours, else the run that has the key. A mere signature expires, a caller's key never."""
        window = timedelta(minutes=self.config.retry_check_minutes)
        return self.services.claims.claim(run, None if self.call.key else run.claimed_at - window)

    def _repeated(self, run: Run, earlier: Run) -> Answer | None:
        """The answer of the run that has the key; None if it came to nothing and has the key no more."""
        if earlier.body_hash != run.body_hash:
            raise KeyReused(
                f"this key was used for another request in run {earlier.run_id}; use a new key for a new request"
            )
        if earlier.response is not None:
            story.replayed(earlier)
            return Answer.stored(earlier.response)
        if not self._settled_as_interrupted():
            raise RunInProgress("the same request is still being worked on; ask again later", earlier.run_id)
        settled = self.services.ledger.run(earlier.run_id)
        if settled is None or settled.key != earlier.key:
            return None
        if settled.response is None:
            raise RunInProgress(
                "the run's orders are still working; ask again later for what became of them",
                earlier.run_id,
            )
        story.replayed(settled)
        return Answer.stored(settled.response)

    def _settled_as_interrupted(self) -> bool:
        """Whether the run with our key died with its process; if so it is settled from the broker's records first."""
        try:
            with self.services.leased(self.call.run_id) as ledger, self.services.gateway.session() as broker:
                account = account_to_trade(self.services, broker, self.config)
                settle_earlier(self.services, ledger, broker, account, self.call.run_id)
        except RunInProgress:
            return False
        return True

    def _claimed(self, run: Run, work: Work) -> Answer:
        try:
            with self.services.leased(self.call.run_id) as ledger, self.services.gateway.session() as broker:
                self._check_claim(run)
                return work(broker, run, ledger)
        except Refusal as error:
            if error.withdraws_claim:
                self._give_key_back(run)
            raise

    def _give_key_back(self, run: Run) -> None:
        """While nothing was planned nothing can have been sent: the key may be used again. A broker that did not
        answer is asked anew then; a plan, an order or an answer that is there stays."""
        if self.services.ledger.run(run.run_id) in (run, given_up(run)):
            self.services.claims.withdraw(run.run_id)
            story.key_given_back(run)

    def _check_claim(self, run: Run) -> None:
        """Between our claim and our lease another run may have taken us for dead and given our key back."""
        if self.services.ledger.run(run.run_id) != run:
            raise RunInProgress("another trading run was quicker; ask again")
