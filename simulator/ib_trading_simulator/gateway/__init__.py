"""What connected clients share: who they are, what each is sent when something happens, and where faults of messages,
requests and quotes are carried out. What is true of the account is brokerage/'s."""
