import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.connect.converters.DoubleConverter;
import org.apache.kafka.connect.converters.LongConverter;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.StringConverter;

/**
 * The work of benchmarks/converters.py done by Kafka Connect's own classes.
 *
 * Arguments: seconds per line, files of JSON messages without and with schemas. Prints per line: name, what is done,
 * microseconds per record.
 */
public class ConverterBenchmark {
    /** Its CPU time, compilation included, tells how warm the JVM is, however busy the machine. */
    static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    static double seconds;
    static Object sink;

    public static void main(String[] args) throws Exception {
        seconds = Double.parseDouble(args[0]);
        List<byte[]> plain = lines(args[1]);
        List<byte[]> enveloped = lines(args[2]);
        both("JSON schemaless", converter(new JsonConverter(), "false"), plain);
        both("JSON with schema", converter(new JsonConverter(), "true"), enveloped);
        both("String", converter(new StringConverter(), "false"), plain);
        List<byte[]> longs = new ArrayList<>();
        List<byte[]> doubles = new ArrayList<>();
        for (int i = 0; i < plain.size(); i++) {
            longs.add(new LongConverter().fromConnectData("t", Schema.INT64_SCHEMA, 1000L + i));
            doubles.add(new DoubleConverter().fromConnectData("t", Schema.FLOAT64_SCHEMA, 1000.0 + i));
        }
        both("Long", converter(new LongConverter(), "false"), longs);
        both("Double", converter(new DoubleConverter(), "false"), doubles);
    }

    static Converter converter(Converter converter, String schemas) {
        converter.configure(Map.of("schemas.enable", schemas), false);
        return converter;
    }

    static List<byte[]> lines(String file) throws Exception {
        List<byte[]> texts = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(file)))
            texts.add(line.getBytes(StandardCharsets.UTF_8));
        return texts;
    }

    static void both(String name, Converter converter, List<byte[]> texts) {
        List<SchemaAndValue> values = decode(converter, texts);
        measure(name + "\tdecode", texts.size(), () -> decode(converter, texts));
        measure(name + "\tencode", texts.size(), () -> encode(converter, values));
        measure(name + "\tboth", texts.size(), () -> encode(converter, decode(converter, texts)));
    }

    static List<SchemaAndValue> decode(Converter converter, List<byte[]> texts) {
        List<SchemaAndValue> values = new ArrayList<>(texts.size());
        for (byte[] text : texts)
            values.add(converter.toConnectData("t", text));
        return values;
    }

    static List<byte[]> encode(Converter converter, List<SchemaAndValue> values) {
        List<byte[]> texts = new ArrayList<>(values.size());
        for (SchemaAndValue value : values)
            texts.add(converter.fromConnectData("t", value.schema(), value.value()));
        return texts;
    }

    static void measure(String name, int records, Supplier<Object> work) {
        double best = Double.MAX_VALUE;
        long end = PROCESS.getProcessCpuTime() + (long) (seconds * 5e9);
        while (PROCESS.getProcessCpuTime() < end) {
            long start = System.nanoTime();
            sink = work.get();
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        System.out.println(name + "\t" + best / records * 1e6);
    }
}
