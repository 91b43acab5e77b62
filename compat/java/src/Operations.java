import java.util.LinkedHashMap;
import java.util.Map;

/** Named operations, run in their order; prints `ok NAME` or `not ok NAME - REASON` for each. */
final class Operations {
    interface Operation {
        void run() throws Exception;
    }

    private final Map<String, Operation> all = new LinkedHashMap<>();
    private final java.io.PrintStream out = System.out;

    void add(String name, Operation operation) {
        all.put(name, operation);
    }

    void run() {
        all.forEach((name, operation) -> {
            try {
                operation.run();
                out.println("ok " + name);
            } catch (Throwable error) {
                String reason = (error.getClass().getSimpleName() + ": " + error.getMessage()).replaceAll("\\s+", " ");
                out.println("not ok " + name + " - " + reason.substring(0, Math.min(400, reason.length())));
                error.printStackTrace();
            }
        });
    }

    static void check(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    static void same(Object expected, Object actual) {
        if (!java.util.Objects.equals(expected, actual)) throw new AssertionError("expected " + expected + ", got " + actual);
    }
}
