// Package api makes the calls of the connection to Adobe: one client for each of its services, with a token from Adobe's
// identity service (IMS) or from the settings. It says of every answer what it means for the next try, and to people what
// they can do.
package api
