// Package sandbox holds what the stand-ins for outside services share: the ledger of every call and
// delivery, the switchable faults, and the panel page of the demo.
//
// The stand-ins themselves live in sub-packages (slack, jira). They speak bytes over HTTP, are written
// from the vendors' contracts and import nothing else of this module, so that a wrong field name in a
// connector cannot pass unnoticed on both sides.
package sandbox

import "time"

// Clock tells the time of the sandbox. The demo moves it; tests fix it.
type Clock func() time.Time
