// Package server is signoff's face over HTTP: the hooks of the connectors, health, metrics, the API and the pages.
// It checks who asks and what the bytes may be, then asks the engine; it decides nothing about requests.
package server
