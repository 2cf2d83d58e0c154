"""The demonstration, `./nox -s demo`: a simulated month of trading, run as a person would run it and then proven.

    interruption   Ctrl-C at any moment, as one exception
    children       starts the simulator, the service and Google's emulators, ends whatever was started
    exchanges      the service over HTTP; keeps every request and response
    story          what is asked of the service, in order; month lets the simulated days pass
    checks         whether it all happened, judged by the simulator's own record
    account        the readable account in the terminal; page and charts the same as one HTML page; evidence as JSON

A client of the service and of the simulator's control port; imports nothing of app/.
"""
