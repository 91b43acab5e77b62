import assert from 'node:assert/strict';

const linesOf = (text) => text.split('\n').filter((line) => line !== '');
const read = ({ kcat }, topic, ...more) => linesOf(kcat(['-C', '-t', topic, '-e', '-q', ...more]));

function compressed(tools, codec) {
  const topic = tools.topic();
  const lines = Array.from({ length: 200 }, (_, index) => `a line that repeats itself ${index}`);
  tools.kcat(['-P', '-t', topic, '-z', codec], lines.join('\n'));
  assert.deepEqual(read(tools, topic, '-o', 'beginning'), lines);
}

export const operations = {
  'list the cluster'({ kcat }) {
    const { brokers, controllerid: controller } = JSON.parse(kcat(['-L', '-J']));
    assert.equal(brokers.length, 1);
    assert.equal(controller, brokers[0].id);
  },

  'produce and consume'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'one\ntwo\nthree\n');
    assert.deepEqual(read(tools, topic, '-o', 'beginning'), ['one', 'two', 'three']);
  },

  'list one topic'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'one\n');
    const { topics } = JSON.parse(tools.kcat(['-L', '-J', '-t', topic]));
    assert.deepEqual(
      topics.map((each) => [each.topic, each.partitions.length]),
      [[topic, 1]],
    );
  },

  'keys, headers and null values'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic, '-K', ':', '-Z', '-H', 'colour=blue'], 'key:value\ngone:\n');
    const format = ['-o', 'beginning', '-f', '%k|%s|%S|%h|%o\\n'];
    assert.deepEqual(read(tools, topic, ...format), ['key|value|5|colour=blue|0', 'gone||-1|colour=blue|1']);
  },

  'acks 0'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic, '-X', 'acks=0'], 'unsure\n');
    assert.deepEqual(read(tools, topic, '-o', 'beginning'), ['unsure']);
  },

  'acks 1'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic, '-X', 'acks=1'], 'sure\n');
    assert.deepEqual(read(tools, topic, '-o', 'beginning'), ['sure']);
  },

  'idempotent producer'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic, '-X', 'enable.idempotence=true'], 'once\n');
    assert.deepEqual(read(tools, topic, '-o', 'beginning'), ['once']);
  },

  gzip: (tools) => compressed(tools, 'gzip'),
  snappy: (tools) => compressed(tools, 'snappy'),
  lz4: (tools) => compressed(tools, 'lz4'),
  zstd: (tools) => compressed(tools, 'zstd'),

  'offsets: absolute, from the end, count'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'a\nb\nc\nd\n');
    assert.deepEqual(read(tools, topic, '-o', '2'), ['c', 'd']);
    assert.deepEqual(read(tools, topic, '-o', '-1'), ['d']);
    assert.deepEqual(read(tools, topic, '-o', 'beginning', '-c', '2'), ['a', 'b']);
    assert.deepEqual(read(tools, topic, '-o', 'end'), []);
  },

  'offsets by time'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'a\n');
    const [stamp] = read(tools, topic, '-o', 'beginning', '-f', '%T\\n');
    const asked = (time) => linesOf(tools.kcat(['-Q', '-t', `${topic}:0:${time}`]))[0];
    assert.equal(asked(Number(stamp)), `${topic} [0] offset 0`);
    assert.equal(asked(Number(stamp) + 60_000), `${topic} [0] offset -1`);
    assert.equal(asked(-1), `${topic} [0] offset 1`);
    assert.equal(asked(-2), `${topic} [0] offset 0`);
    assert.deepEqual(read(tools, topic, '-o', `s@${stamp}`), ['a']);
  },

  'a group commits and resumes'(tools) {
    const topic = tools.topic();
    const group = ['-G', `${topic}-readers`, '-q', '-e', '-X', 'auto.offset.reset=earliest', topic];
    tools.kcat(['-P', '-t', topic], 'a\nb\n');
    assert.deepEqual(linesOf(tools.kcat(group)), ['a', 'b']);
    tools.kcat(['-P', '-t', topic], 'c\n');
    assert.deepEqual(linesOf(tools.kcat(group)), ['c']);
  },

  'a group of the cooperative protocol'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'a\n');
    const options = [
      '-X',
      'auto.offset.reset=earliest',
      '-X',
      'partition.assignment.strategy=cooperative-sticky',
    ];
    assert.deepEqual(linesOf(tools.kcat(['-G', `${topic}-readers`, '-q', '-e', ...options, topic])), ['a']);
  },

  'a static member'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'a\n');
    const options = ['-X', 'auto.offset.reset=earliest', '-X', 'group.instance.id=one'];
    const group = ['-G', `${topic}-readers`, '-q', '-e', ...options, topic];
    assert.deepEqual(linesOf(tools.kcat(group)), ['a']);
    assert.deepEqual(linesOf(tools.kcat(group)), []);
  },

  'read committed where nothing is open'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic], 'a\n');
    assert.deepEqual(read(tools, topic, '-o', 'beginning', '-X', 'isolation.level=read_committed'), ['a']);
  },

  'an unknown topic is an error'({ kcat, topic }) {
    assert.throws(
      () => kcat(['-C', '-t', topic(), '-e', '-X', 'allow.auto.create.topics=false']),
      /Unknown topic/i,
    );
  },

  'too large a message is refused'(tools) {
    const topic = tools.topic();
    const big = `${'x'.repeat(1_500_000)}\n`;
    const send = () => tools.kcat(['-P', '-t', topic, '-X', 'message.max.bytes=5000000'], big);
    assert.throws(send, /too large|ended with/i);
  },

  'a transactional producer'(tools) {
    const topic = tools.topic();
    tools.kcat(['-P', '-t', topic, '-X', `transactional.id=${topic}`], 'all or nothing\n');
    const committed = ['-o', 'beginning', '-X', 'isolation.level=read_committed'];
    assert.deepEqual(read(tools, topic, ...committed), ['all or nothing']);
  },
};
