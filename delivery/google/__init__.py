"""Google, as every session needs it: where it is, whose identity is used, its clients, its command line.

Decides what its refusals mean to a person. The one place that makes clients; what is asked of them, others decide."""
