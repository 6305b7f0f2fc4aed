// Package engine is the shell around the pure core: inbox, enrich, decide, outbox, do, record. It stores before it
// acknowledges, commits before it sends, retries by class, keeps rate limits, and settles lost answers by looking.
// It decides nothing about requests: rules and flow do.
package engine
