"""The catalogue of weights: source, sha256, licence and purpose; pulling, verifying and finding them."""
