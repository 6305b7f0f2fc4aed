// Package config reads config.yaml: wiring and secrets, written by the operator. It reports every problem at its
// place and leaves the settings of a connector to the connector's own kind.
package config
