"""Google's services through their official clients: Firestore, BigQuery, Secret Manager; nothing else knows those."""
