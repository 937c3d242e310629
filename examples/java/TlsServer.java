import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Serves TLS 1.2 and 1.3 on 127.0.0.1 with the keys of a token.
 *
 * <p>Arguments: claviger.cfg, the file with the user's PIN, the port. The handshake chooses among all entries of the key
 * store that have a certificate.
 */
public final class TlsServer {
    private TlsServer() {}

    public static void main(String[] arguments) throws Exception {
        Token token = new Token(arguments[0], arguments[1]);
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        // The login has opened the keys: none has a password of its own.
        managers.init(token.keys, null);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);

        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[2]));
        HttpsServer server = HttpsServer.create(address, 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.setExecutor(Executors.newFixedThreadPool(8));
        byte[] page = "served by Java\n".getBytes(StandardCharsets.UTF_8);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
    }
}
