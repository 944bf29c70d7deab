import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.*;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.BufferSupplier;

/**
 * Writes record batches with Kafka's own classes and prints them, with what Kafka reads in them, as lines of JSON:
 * {@code java -cp "libs/*" test/log/java/JavaBatches.java > test/log/java/batches.jsonl}, libs holding kafka-clients
 * 4.3 and its codecs. Values are told by their SHA-256.
 */
public class JavaBatches {
  static final long T = 1_700_000_000_000L;
  static final List<String> out = new ArrayList<>();

  public static void main(String[] args) {
    for (CompressionType type : CompressionType.values()) {
      if (type.name.equals("passthrough")) continue;
      add("small " + type.name, build(type, TimestampType.CREATE_TIME, RecordBatch.NO_PRODUCER_ID, false, 3, 20));
      if (type != CompressionType.NONE) add("large " + type.name, build(type, TimestampType.CREATE_TIME, 4711, true, 40, 5000));
    }
    add("LogAppendTime", build(CompressionType.LZ4, TimestampType.LOG_APPEND_TIME, RecordBatch.NO_PRODUCER_ID, false, 3, 20));
    add("delete horizon", cleaned());
    add("commit marker", MemoryRecords.withEndTransactionMarker(50, T, 2, 4711, (short) 5, new EndTransactionMarker(ControlRecordType.COMMIT, 9)));
    add("abort marker", MemoryRecords.withEndTransactionMarker(51, T, 2, 4711, (short) 5, new EndTransactionMarker(ControlRecordType.ABORT, 9)));
    System.out.println(String.join("\n", out));
  }

  static MemoryRecords build(CompressionType type, TimestampType timestamps, long producerId, boolean transactional, int count, int size) {
    boolean idempotent = producerId >= 0;
    MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(1024), RecordBatch.CURRENT_MAGIC_VALUE,
        Compression.of(type).build(), timestamps, 100, T + 5000, producerId, (short) (idempotent ? 5 : -1), idempotent ? 17 : -1,
        transactional, false, 3, Integer.MAX_VALUE);
    for (int i = 0; i < count; i++) {
      byte[] value = i == 1 ? null : ("{\"obs_id\":" + i + ",\"comments\":\"" + "abcdefgh".repeat(size / 8) + "\"}").getBytes();
      Header[] headers = i == 2 ? new Header[] {new RecordHeader("a", "1".getBytes()), new RecordHeader("naïve", null)} : new Header[0];
      builder.appendWithOffset(100 + 2 * i, T - 10 * i, i == 0 ? null : ("key " + i).getBytes(), value, headers);
    }
    return builder.build();
  }

  /** What the log cleaner makes of a batch with a tombstone. */
  static MemoryRecords cleaned() {
    MemoryRecords records = build(CompressionType.NONE, TimestampType.CREATE_TIME, RecordBatch.NO_PRODUCER_ID, false, 4, 20);
    MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(T + 1000, 86_400_000L) {
      @Override
      protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
        return new BatchRetentionResult(BatchRetention.DELETE_EMPTY, false);
      }
      @Override
      protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
        return record.offset() != 100;
      }
    };
    MemoryRecords.FilterResult result = records.filterTo(filter, ByteBuffer.allocate(4096), BufferSupplier.NO_CACHING);
    ByteBuffer cleaned = result.outputBuffer();
    cleaned.flip();
    return MemoryRecords.readableRecords(cleaned);
  }

  static void add(String name, MemoryRecords records) {
    RecordBatch batch = records.batches().iterator().next();
    List<String> found = new ArrayList<>();
    for (Record record : batch) {
      List<String> headers = new ArrayList<>();
      for (Header header : record.headers()) headers.add("[" + quote(header.key()) + ", " + hex(header.value()) + "]");
      found.add("[" + record.offset() + ", " + record.timestamp() + ", " + hex(bytes(record.key())) + ", " + hash(record.value()) + ", [" + String.join(", ", headers) + "]]");
    }
    ByteBuffer buffer = records.buffer().duplicate();
    byte[] all = new byte[buffer.remaining()];
    buffer.get(all);
    out.add("{ \"name\": " + quote(name)
        + ", \"baseOffset\": " + batch.baseOffset() + ", \"lastOffset\": " + batch.lastOffset()
        + ", \"leaderEpoch\": " + batch.partitionLeaderEpoch() + ", \"codec\": " + quote(batch.compressionType().name)
        + ", \"timestampType\": " + quote(batch.timestampType().name) + ", \"maxTimestamp\": " + batch.maxTimestamp()
        + ", \"deleteHorizon\": " + (batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : "null")
        + ", \"producerId\": " + batch.producerId() + ", \"producerEpoch\": " + batch.producerEpoch()
        + ", \"baseSequence\": " + batch.baseSequence() + ", \"transactional\": " + batch.isTransactional()
        + ", \"control\": " + batch.isControlBatch() + ", \"bytes\": " + quote(HexFormat.of().formatHex(all))
        + ", \"records\": [" + String.join(", ", found) + "] }");
  }

  static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) return null;
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  static String hash(ByteBuffer buffer) {
    if (buffer == null) return "null";
    try {
      return hex(java.security.MessageDigest.getInstance("SHA-256").digest(bytes(buffer)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String hex(byte[] bytes) {
    return bytes == null ? "null" : quote(HexFormat.of().formatHex(bytes));
  }

  static String quote(String text) {
    return "\"" + text + "\"";
  }
}
