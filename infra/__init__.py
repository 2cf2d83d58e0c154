"""The Pulumi program: what one stack owns in Google Cloud. One ComponentResource a file, no resource without one."""
