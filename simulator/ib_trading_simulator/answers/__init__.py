"""What the gateway answers to each request: one file a subject, one function a request, and dispatch.py, which calls
them."""
