package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

const eachCodec = 200

func recordSteps() []step {
	codecs := []struct {
		codec sarama.CompressionCodec
		since sarama.KafkaVersion
	}{
		{sarama.CompressionNone, sarama.V1_0_0_0},
		{sarama.CompressionGZIP, sarama.V1_0_0_0},
		{sarama.CompressionSnappy, sarama.V1_0_0_0},
		{sarama.CompressionLZ4, sarama.V1_0_0_0},
		{sarama.CompressionZSTD, sarama.V2_1_0_0},
	}
	steps := []step{}
	for _, c := range codecs {
		codec := c.codec
		steps = append(steps, step{"produce and consume " + codec.String(), c.since, func(w *walk) error { return passThrough(w, codec) }})
	}
	return append(steps,
		step{"an idempotent producer", sarama.V1_0_0_0, idempotent},
		step{"offsets by time", sarama.V1_0_0_0, offsets},
		step{"delete records", sarama.V1_0_0_0, deleteRecords},
	)
}

func content(i int) string { return strings.Repeat(fmt.Sprint(i, ","), i%50) }

func passThrough(w *walk, codec sarama.CompressionCodec) error {
	before, err := w.client.GetOffset(w.topic, 1, sarama.OffsetNewest)
	if err != nil {
		return err
	}
	config := w.config()
	config.Producer.Compression = codec
	producer, err := sarama.NewSyncProducer(w.address, config)
	if err != nil {
		return err
	}
	defer producer.Close()
	var messages []*sarama.ProducerMessage
	for i := range eachCodec {
		messages = append(messages, &sarama.ProducerMessage{
			Topic: w.topic, Partition: int32(i % 4), Key: sarama.StringEncoder(fmt.Sprint(i)), Value: sarama.StringEncoder(content(i)),
			Headers: []sarama.RecordHeader{{Key: []byte("at"), Value: []byte(fmt.Sprint(i))}},
		})
	}
	if err := producer.SendMessages(messages); err != nil {
		return fmt.Errorf("%w: %w", err, err.(sarama.ProducerErrors)[0].Err)
	}
	return consume(w, before)
}

func consume(w *walk, from int64) error {
	consumer, err := sarama.NewConsumer(w.address, w.config())
	if err != nil {
		return err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(w.topic, 1, from)
	if err != nil {
		return err
	}
	defer partition.Close()
	late := time.After(10 * time.Second)
	for n := range eachCodec / 4 {
		select {
		case m := <-partition.Messages():
			i := 4*n + 1
			if m.Offset != from+int64(n) || string(m.Key) != fmt.Sprint(i) || string(m.Value) != content(i) || string(m.Headers[0].Value) != fmt.Sprint(i) {
				return fmt.Errorf("the record at %d is another", m.Offset)
			}
		case <-late:
			return fmt.Errorf("%d records after ten seconds", n)
		}
	}
	_, err = consumer.ConsumePartition(w.topic, 2, 1<<40)
	return expect("beyond the end", err, sarama.ErrOffsetOutOfRange)
}

func idempotent(w *walk) error {
	config := w.config()
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Net.MaxOpenRequests = 1
	producer, err := sarama.NewSyncProducer(w.address, config)
	if err != nil {
		return err
	}
	defer producer.Close()
	for n := range 5 {
		before, err := w.client.GetOffset(w.topic, 0, sarama.OffsetNewest)
		if err != nil {
			return err
		}
		_, offset, err := producer.SendMessage(&sarama.ProducerMessage{Topic: w.topic, Partition: 0, Value: sarama.StringEncoder("once")})
		if err = errors.Join(err, equal(fmt.Sprint("offset ", n), offset, before)); err != nil {
			return err
		}
	}
	return nil
}

func offsets(w *walk) error {
	at := func(time int64) int64 {
		offset, err := w.client.GetOffset(w.topic, 0, time)
		if err != nil {
			return -100
		}
		return offset
	}
	return errors.Join(
		equal("oldest", at(sarama.OffsetOldest), 0),
		equal("an hour ago", at(time.Now().Add(-time.Hour).UnixMilli()), 0),
		equal("in an hour", at(time.Now().Add(time.Hour).UnixMilli()), -1),
		equal("something newest", at(sarama.OffsetNewest) > 0, true),
	)
}

func deleteRecords(w *walk) error {
	err := errors.Join(
		expect("to 10", w.admin.DeleteRecords(w.topic, map[int32]int64{0: 10}), nil),
		refused("beyond the end", w.admin.DeleteRecords(w.topic, map[int32]int64{0: 1 << 40})),
	)
	oldest, failure := w.client.GetOffset(w.topic, 0, sarama.OffsetOldest)
	return errors.Join(err, failure, equal("oldest", oldest, 10))
}
