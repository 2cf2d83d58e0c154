"""The least that a Flask application with Google's three clients is: what the service's start is measured against."""

from __future__ import annotations

from flask import Flask
from google.cloud import bigquery, firestore, secretmanager_v1

# Named, so that nobody takes the imports for forgotten ones.
CLIENTS = (bigquery.Client, firestore.Client, secretmanager_v1.SecretManagerServiceClient)

app = Flask(__name__)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
