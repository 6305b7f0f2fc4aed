// Package adobe is a stand-in for Adobe: Frame.io V4, Adobe I/O Events, Workfront, and the identity service (IMS) that gives
// tokens for all of them. Each service has a package of its own below this one, which says what it does; here they are joined
// at one address.
//
// They are written from the contract and share no code with the connector.
package adobe
