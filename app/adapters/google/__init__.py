"""Google's stores through Google's clients: Firestore, BigQuery, Secret Manager."""
