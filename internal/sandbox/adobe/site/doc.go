// Package site is what the stand-ins of Adobe's services share: the people, the identity service (IMS) with tokens that end,
// strict reading of calls, the post that carries deliveries until they are taken, and the frame of the pages.
package site
