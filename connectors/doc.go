// Package connectors is the contract between signoff and the services outside: what a connector package exports,
// what it may be asked, and the one error that crosses the boundary.
//
// A connector speaks one service's wire and nothing else. It never decides: a status word appears in it only in a
// table that maps words to the service's own. It never sleeps, retries or limits its rate: the engine does, by the
// class of the error. It keeps what the service said through Keep and holds no other state that matters.
package connectors
