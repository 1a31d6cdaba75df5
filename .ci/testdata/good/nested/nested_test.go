package nested

import "testing"

func TestNothing(t *testing.T) {}
