// Package store is the contract of everything that outlives a restart: one transaction carries deliveries, records,
// requests, jobs and rows, so that "stored before acknowledged" and "committed before sent" hold by construction.
//
// A store knows no rules. Index terms, job keys and table names are given to it; it never asks what they mean.
package store
