"""The running simulator and everything that is said to it from outside the API: when time passes, when state is made
durable and when bytes leave; the command line's options; the control port."""
