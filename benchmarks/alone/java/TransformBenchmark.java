import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * The work of benchmarks/transforms.py done by Kafka Connect's own classes.
 *
 * Arguments: seconds per line, a file of lines to measure, files of JSON messages without and with schemas. A line is
 * tab-separated: name, "schemaless" or "struct", then stages, each a class name with key=value settings behind it,
 * joined by the character U+0001; after a name that begins with "JSON" the stages run between two converters.
 * Prints per line: name, kind, microseconds per record.
 */
public class TransformBenchmark {
    /** Its CPU time, compilation included, tells how warm the JVM is, however busy the machine. */
    static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    static double seconds;
    static Object sink;

    public static void main(String[] args) throws Exception {
        seconds = Double.parseDouble(args[0]);
        for (String line : Files.readAllLines(Path.of(args[1]))) {
            String[] parts = line.split("\t");
            boolean schemas = parts[1].equals("struct");
            List<byte[]> texts = messages(args[schemas ? 3 : 2]);
            JsonConverter converter = converter(schemas);
            List<Transformation<SinkRecord>> stages = new ArrayList<>();
            for (String stage : Arrays.asList(parts).subList(2, parts.length))
                stages.add(transformation(stage));
            double best;
            if (parts[0].startsWith("JSON"))
                best = Math.min(measure(texts.size(), () -> recordByRecord(converter, stages, texts)),
                                measure(texts.size(), () -> stageByStage(converter, stages, texts)));
            else {
                List<SinkRecord> records = records(converter, texts);
                best = measure(texts.size(), () -> applied(stages.get(0), records));
            }
            System.out.println(parts[0] + "\t" + parts[1] + "\t" + best);
        }
    }

    static List<byte[]> messages(String file) throws Exception {
        List<byte[]> texts = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(file)))
            texts.add(line.getBytes(StandardCharsets.UTF_8));
        return texts;
    }

    static JsonConverter converter(boolean schemas) {
        JsonConverter converter = new JsonConverter();
        converter.configure(Map.of("schemas.enable", String.valueOf(schemas)), false);
        return converter;
    }

    @SuppressWarnings("unchecked")
    static Transformation<SinkRecord> transformation(String stage) throws Exception {
        String[] parts = stage.split("\u0001");
        Map<String, String> config = new HashMap<>();
        for (String setting : Arrays.asList(parts).subList(1, parts.length))
            config.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        Transformation<SinkRecord> transformation =
            (Transformation<SinkRecord>) Class.forName(parts[0]).getDeclaredConstructor().newInstance();
        transformation.configure(config);
        return transformation;
    }

    static List<SinkRecord> records(JsonConverter converter, List<byte[]> texts) {
        List<SinkRecord> records = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            SchemaAndValue value = converter.toConnectData("ratings", texts.get(i));
            records.add(new SinkRecord("ratings", 0, null, null, value.schema(), value.value(), i,
                1_700_000_000_000L + i, TimestampType.CREATE_TIME, new ConnectHeaders().addString("trace", "x")));
        }
        return records;
    }

    static List<SinkRecord> applied(Transformation<SinkRecord> stage, List<SinkRecord> records) {
        List<SinkRecord> changed = new ArrayList<>(records.size());
        for (SinkRecord record : records)
            changed.add(stage.apply(record));
        return changed;
    }

    static SinkRecord decoded(JsonConverter converter, byte[] text, long offset) {
        SchemaAndValue value = converter.toConnectData("ratings", text);
        return new SinkRecord("ratings", 0, null, null, value.schema(), value.value(), offset);
    }

    static byte[] encoded(JsonConverter converter, SinkRecord record) {
        return converter.fromConnectData(record.topic(), record.valueSchema(), record.value());
    }

    static List<byte[]> recordByRecord(
            JsonConverter converter, List<Transformation<SinkRecord>> stages, List<byte[]> texts) {
        List<byte[]> written = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++) {
            SinkRecord record = decoded(converter, texts.get(i), i);
            for (Transformation<SinkRecord> stage : stages)
                record = stage.apply(record);
            written.add(encoded(converter, record));
        }
        return written;
    }

    static List<byte[]> stageByStage(
            JsonConverter converter, List<Transformation<SinkRecord>> stages, List<byte[]> texts) {
        List<SinkRecord> records = new ArrayList<>(texts.size());
        for (int i = 0; i < texts.size(); i++)
            records.add(decoded(converter, texts.get(i), i));
        for (Transformation<SinkRecord> stage : stages)
            records = applied(stage, records);
        List<byte[]> written = new ArrayList<>(texts.size());
        for (SinkRecord record : records)
            written.add(encoded(converter, record));
        return written;
    }

    /** Microseconds per record, the best of many runs; the first four fifths of the time warm up. */
    static double measure(int records, Supplier<Object> work) {
        double best = Double.MAX_VALUE;
        long end = PROCESS.getProcessCpuTime() + (long) (seconds * 5e9);
        while (PROCESS.getProcessCpuTime() < end) {
            long start = System.nanoTime();
            sink = work.get();
            best = Math.min(best, (System.nanoTime() - start) / 1e3 / records);
        }
        return best;
    }
}
