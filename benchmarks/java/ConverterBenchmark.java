import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.StringConverter;

/** The work of benchmarks/converters.py done by Kafka Connect's own classes: seconds per line, then a file of texts. */
public class ConverterBenchmark {
    static double seconds;
    static Object sink;

    public static void main(String[] args) throws Exception {
        seconds = Double.parseDouble(args[0]);
        List<byte[]> plain = lines(args[1]);
        List<byte[]> enveloped = lines(args[2]);
        both("JSON schemaless", converter(new JsonConverter(), "false"), plain);
        both("JSON with schema", converter(new JsonConverter(), "true"), enveloped);
        both("String", converter(new StringConverter(), "false"), plain);
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
        measure(name + " decode", texts.size(), () -> decode(converter, texts));
        measure(name + " encode", texts.size(), () -> encode(converter, values));
        measure(name + " both", texts.size(), () -> encode(converter, decode(converter, texts)));
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
        long end = System.nanoTime() + (long) (seconds * 4e9);
        while (System.nanoTime() < end) {
            long start = System.nanoTime();
            sink = work.get();
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        System.out.printf("%-34s %,12.0f records/s %8.3f us/record%n", name, records / best, best / records * 1e6);
    }
}
