// Package serve holds what the pretend services do alike, whatever they pretend to be: routes are matched, calls recorded,
// webhooks queued and sent, and tests wait for what happens.
package serve
