"""The facts that outreach publishes: activities, boards, materials, plays of audio-visual works, articles, supplies."""
