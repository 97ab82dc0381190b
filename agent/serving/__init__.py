"""What a run learned, as an endpoint that speaks the protocol of OpenAI."""
