//go:build !race

package logcollect

const raceEnabled = false
