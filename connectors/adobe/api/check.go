package api

import (
	"errors"

	"signoff/connectors"
)

// Failed turns an error into a finding: what people can do is in it already.
func Failed(what, service string, err error) connectors.Finding {
	f := connectors.Finding{Level: "problem", What: what, Text: err.Error(), Remedy: "Look at the address, the credentials and the network."}
	if e, ok := errors.AsType[*connectors.Error](err); ok {
		if e.Class == connectors.Transient || e.Class == connectors.Limited {
			f.Level, f.Remedy = "warning", service+" does not answer just now; signoff keeps the work and tries again."
		}
		if e.Person != "" {
			f.Remedy = e.Person
		}
	}
	return f
}
