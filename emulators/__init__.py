"""Google's services on this machine, for the demonstration, for tests, and for whoever runs the service by hand.

    programs        how a program that stands in for a service is started, waited for and surely ended; leash sees to
                    it that it ends with whoever started it
    firestore       Google's own emulator
    bigquery        local-bigquery, with the tables that the Pulumi program makes
    secret_manager  a server of the official protocol, in the process that asks for it
    deployment      all of them together, holding what a deployment leaves behind

`python -m emulators` starts all of them. Nothing that is deployed knows this package.
"""
