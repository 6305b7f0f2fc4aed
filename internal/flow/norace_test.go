//go:build !race

package flow

// slower is by how much fewer histories are played where everything takes much longer.
const slower = 1
