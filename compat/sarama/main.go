// Command sarama walks through IBM/sarama's public API as a client of each Kafka version that the arguments name: sarama
// chooses its API versions by that setting, so that every version of a request that a client of the last years sends is served.
// It prints `ok VERSION: WHAT` or `not ok VERSION: WHAT - REASON`.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

// walk is one version's turn, on a topic of its own with four partitions.
type walk struct {
	name    string
	version sarama.KafkaVersion
	address []string
	topic   string
	admin   sarama.ClusterAdmin
	client  sarama.Client
}

type step struct {
	name  string
	since sarama.KafkaVersion
	run   func(*walk) error
}

func (w *walk) config() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = w.version
	config.Producer.Return.Successes = true
	config.Producer.Return.Errors = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	return config
}

func open(bootstrap, name string) (*walk, error) {
	version, err := sarama.ParseKafkaVersion(name)
	if err != nil {
		return nil, err
	}
	w := &walk{name: name, version: version, address: []string{bootstrap}, topic: "sarama-" + strings.ReplaceAll(name, ".", "-")}
	if w.client, err = sarama.NewClient(w.address, w.config()); err != nil {
		return nil, err
	}
	w.admin, err = sarama.NewClusterAdminFromClient(w.client)
	return w, err
}

// expect compares an answer's error with the one that Kafka gives; nil expects none.
func expect(what string, got error, wanted error) error {
	if wanted == nil && got == nil || wanted != nil && errors.Is(got, wanted) {
		return nil
	}
	return fmt.Errorf("%s: %v instead of %v", what, got, wanted)
}

func equal[T comparable](what string, got T, wanted T) error {
	if got == wanted {
		return nil
	}
	return fmt.Errorf("%s: %v instead of %v", what, got, wanted)
}

func report(name string, err error) {
	if err == nil {
		fmt.Printf("ok %s\n", name)
		return
	}
	fmt.Printf("not ok %s - %s\n", name, strings.ReplaceAll(err.Error(), "\n", "; "))
}

func main() {
	steps := append(append(topicSteps(), recordSteps()...), groupSteps()...)
	for _, name := range os.Args[2:] {
		w, err := open(os.Args[1], name)
		if err != nil {
			report(name+": connect", err)
			continue
		}
		for _, s := range steps {
			if w.version.IsAtLeast(s.since) {
				report(name+": "+s.name, s.run(w))
			}
		}
		// Closes its client too.
		report(name+": close", w.admin.Close())
	}
}
