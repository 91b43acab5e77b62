package main

import (
	"errors"
	"time"

	"github.com/IBM/sarama"
)

func topicSteps() []step {
	return []step{
		{"create topics", sarama.V1_0_0_0, createTopics},
		{"create partitions", sarama.V1_0_0_0, createPartitions},
		{"describe the cluster", sarama.V1_0_0_0, describeCluster},
		{"configurations", sarama.V2_3_0_0, configurations},
		{"log directories", sarama.V2_0_0_0, logDirectories},
		{"elections and reassignments", sarama.V2_4_0_0, elections},
	}
}

func createTopics(w *walk) error {
	kept := "600000"
	detail := &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &kept}}
	broad := &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 3}
	return errors.Join(
		expect("create", w.admin.CreateTopic(w.topic, detail, false), nil),
		expect("create again", w.admin.CreateTopic(w.topic, detail, false), sarama.ErrTopicAlreadyExists),
		expect("a bad name", w.admin.CreateTopic("a b", detail, false), sarama.ErrInvalidTopic),
		expect("three replicas", w.admin.CreateTopic(w.topic+"-3", broad, false), sarama.ErrInvalidReplicationFactor),
		expect("validate only", w.admin.CreateTopic(w.topic+"-v", detail, true), nil),
		expect("delete what is not", w.admin.DeleteTopic(w.topic+"-v"), sarama.ErrUnknownTopicOrPartition),
	)
}

func createPartitions(w *walk) error {
	more := w.admin.CreatePartitions(w.topic, 4, nil, false)
	fewer := w.admin.CreatePartitions(w.topic, 2, nil, false)
	return errors.Join(expect("four", more, nil), expect("two", fewer, sarama.ErrInvalidPartitions))
}

func describeCluster(w *walk) error {
	brokers, controller, err := w.admin.DescribeCluster()
	if err != nil {
		return err
	}
	return errors.Join(equal("brokers", len(brokers), 1), equal("controller", controller, brokers[0].ID()))
}

func configurations(w *walk) error {
	limit := "70000"
	set := func(name string) error {
		entry := sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &limit}
		entries := map[string]sarama.IncrementalAlterConfigsEntry{name: entry}
		return w.admin.IncrementalAlterConfig(sarama.TopicResource, w.topic, entries, false)
	}
	if err := errors.Join(expect("set", set("max.message.bytes"), nil), refused("set an unknown one", set("max.message.bits"))); err != nil {
		return err
	}
	// Kafka answers before every part of it has heard of the change.
	var last error
	for range 50 {
		if last = configured(w); last == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return last
}

func configured(w *walk) error {
	resource := sarama.ConfigResource{Type: sarama.TopicResource, Name: w.topic, ConfigNames: []string{"max.message.bytes", "retention.ms"}}
	entries, err := w.admin.DescribeConfig(resource)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		wanted := map[string]string{"max.message.bytes": "70000", "retention.ms": "600000"}[entry.Name]
		err = errors.Join(err, equal(entry.Name, entry.Value, wanted), equal("its source", entry.Source, sarama.SourceTopic))
	}
	return errors.Join(err, equal("entries", len(entries), 2))
}

// sarama wraps some refusals in texts of its own.
func refused(what string, err error) error {
	return equal(what+" is refused", err != nil, true)
}

func logDirectories(w *walk) error {
	brokers, _, err := w.admin.DescribeCluster()
	if err != nil {
		return err
	}
	directories, err := w.admin.DescribeLogDirs([]int32{brokers[0].ID()})
	if err != nil {
		return err
	}
	logs := 0
	for _, directory := range directories[brokers[0].ID()] {
		for _, topic := range directory.Topics {
			if topic.Topic == w.topic {
				logs += len(topic.Partitions)
			}
		}
	}
	return equal("logs", logs, 4)
}

func elections(w *walk) error {
	moving, err := w.admin.ListPartitionReassignments(w.topic, []int32{0})
	if err != nil {
		return err
	}
	elected, err := w.admin.ElectLeaders(sarama.PreferredElection, map[string][]int32{w.topic: {0}})
	if err != nil {
		return err
	}
	return errors.Join(
		equal("moving", len(moving), 0),
		expect("election", elected[w.topic][0].ErrorCode, sarama.ErrElectionNotNeeded),
	)
}
