"""Every trading rule, pure: no I/O, no clock, no chance. Given the same values, the same answer, anywhere."""
