"""The language of misbehaviour: what may go wrong, and on which occasion. Carried out by gateway/ and brokerage/."""
