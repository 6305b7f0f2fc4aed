// Package chaos plays the whole hub (engine, Slack and Jira connectors) against the pretend services, in a time of its own:
// an hour of trouble passes at once. Every test names the row of docs/safety.md that it holds.
package chaos
