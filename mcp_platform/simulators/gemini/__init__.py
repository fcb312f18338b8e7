"""The Gemini API on this machine: generateContent, countTokens and models, and who answers."""
