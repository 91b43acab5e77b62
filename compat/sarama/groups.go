package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

func groupSteps() []step {
	steps := []step{}
	for _, s := range []sarama.BalanceStrategy{sarama.NewBalanceStrategyRange(), sarama.NewBalanceStrategyRoundRobin(), sarama.NewBalanceStrategySticky()} {
		steps = append(steps, step{"a group by " + s.Name(), sarama.V1_0_0_0, func(w *walk) error { return consumeAsGroup(w, s, "") }})
	}
	return append(steps,
		step{"committed offsets", sarama.V1_0_0_0, committed},
		step{"delete a group", sarama.V1_1_0_0, deleteGroup},
		step{"a static member", sarama.V2_4_0_0, staticMember},
		step{"delete the topic", sarama.V1_0_0_0, func(w *walk) error { return w.admin.DeleteTopic(w.topic) }},
	)
}

func (w *walk) group(strategy string) string { return w.topic + "-" + strategy }

// end counts what a member is to read before it commits and stops.
type end struct {
	left atomic.Int64
	stop context.CancelFunc
}

func (*end) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*end) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (e *end) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		session.MarkMessage(message, "walked")
		if e.left.Add(-1) == 0 {
			session.Commit()
			e.stop()
		}
	}
	return nil
}

func consumeAsGroup(w *walk, strategy sarama.BalanceStrategy, instance string) error {
	config := w.config()
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{strategy}
	config.Consumer.Group.InstanceId = instance
	group, err := sarama.NewConsumerGroup(w.address, w.group(strategy.Name()+instance), config)
	if err != nil {
		return err
	}
	defer group.Close()
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Second)
	defer stop()
	e := &end{stop: stop}
	for partition := range int32(4) {
		oldest, err := w.client.GetOffset(w.topic, partition, sarama.OffsetOldest)
		newest, failure := w.client.GetOffset(w.topic, partition, sarama.OffsetNewest)
		if err = errors.Join(err, failure); err != nil {
			return err
		}
		e.left.Add(newest - oldest)
	}
	err = group.Consume(ctx, []string{w.topic}, e)
	return errors.Join(err, equal("records left", e.left.Load(), 0))
}

func committed(w *walk) error {
	answer, err := w.admin.ListConsumerGroupOffsets(w.group("range"), map[string][]int32{w.topic: {0, 1, 2, 3}})
	if err != nil {
		return err
	}
	for partition := range int32(4) {
		newest, failure := w.client.GetOffset(w.topic, partition, sarama.OffsetNewest)
		block := answer.GetBlock(w.topic, partition)
		at := fmt.Sprint("partition ", partition)
		err = errors.Join(err, failure, equal(at, block.Offset, newest), equal(at, block.Metadata, "walked"))
	}
	return err
}

func deleteGroup(w *walk) error {
	listed, err := w.admin.ListConsumerGroups()
	if err != nil {
		return err
	}
	described, err := w.admin.DescribeConsumerGroups([]string{w.group("sticky")})
	if err != nil {
		return err
	}
	return errors.Join(
		equal("listed as", listed[w.group("sticky")], "consumer"),
		equal("state", described[0].State, "Empty"),
		expect("delete", w.admin.DeleteConsumerGroup(w.group("sticky")), nil),
		expect("delete again", w.admin.DeleteConsumerGroup(w.group("sticky")), sarama.ErrGroupIDNotFound),
	)
}

// A static member that closes stays in its group until it is removed or its session ends.
func staticMember(w *walk) error {
	if err := consumeAsGroup(w, sarama.NewBalanceStrategyRange(), "one"); err != nil {
		return err
	}
	name := w.group("rangeone")
	held := w.admin.DeleteConsumerGroup(name)
	subscribed := w.admin.DeleteConsumerGroupOffset(name, w.topic, 0)
	answer, err := w.admin.RemoveMemberFromConsumerGroup(name, []string{"one"})
	if err != nil {
		return err
	}
	return errors.Join(
		expect("delete with a member", held, sarama.ErrNonEmptyGroup),
		expect("delete offsets of a subscribed topic", subscribed, sarama.ErrGroupSubscribedToTopic),
		expect("remove", answer.Err, sarama.ErrNoError),
		expect("delete offsets", w.admin.DeleteConsumerGroupOffset(name, w.topic, 0), nil),
		expect("delete", w.admin.DeleteConsumerGroup(name), nil),
	)
}
