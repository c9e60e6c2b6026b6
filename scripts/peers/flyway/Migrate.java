import org.flywaydb.core.Flyway;

/** Applies migrations with Flyway. Arguments: the url of the database, the user, the folder of the migrations. */
public final class Migrate {
    public static void main(String[] arguments) {
        Flyway.configure()
            .dataSource(arguments[0], arguments[1], "")
            .locations("filesystem:" + arguments[2])
            .load()
            .migrate();
    }
}
