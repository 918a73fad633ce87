"""What the Twilio connector of Logic Apps and Power Automate may ask: one file for each noun."""
