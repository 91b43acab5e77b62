// Package requires names the module whose own tests are run, so that go.mod and go.sum pin it with all it needs.
package requires

import _ "github.com/twmb/franz-go/pkg/kgo"
