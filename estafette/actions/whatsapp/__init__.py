"""What a workflow may ask of WhatsApp, in the words of its Cloud API."""
