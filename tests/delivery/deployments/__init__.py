"""Deployments with the real engine, a real registry of images, and Google's services on one control plane."""
