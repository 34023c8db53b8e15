// Echo server with Jetty: Server PORT. permessage-deflate is on by default.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.eclipse.jetty.websocket.api.WebSocketAdapter;
import org.eclipse.jetty.websocket.server.WebSocketHandler;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

public class Server {
  public static class Echo extends WebSocketAdapter {
    @Override
    public void onWebSocketText(String message) {
      try {
        getRemote().sendString(message);
      } catch (IOException ended) {
      }
    }

    @Override
    public void onWebSocketBinary(byte[] octets, int offset, int length) {
      try {
        getRemote().sendBytes(ByteBuffer.wrap(octets, offset, length));
      } catch (IOException ended) {
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    var server = new org.eclipse.jetty.server.Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    server.setHandler(
        new WebSocketHandler() {
          @Override
          public void configure(WebSocketServletFactory factory) {
            factory.getPolicy().setMaxTextMessageSize(64 << 20);
            factory.getPolicy().setMaxBinaryMessageSize(64 << 20);
            factory.register(Echo.class);
          }
        });
    server.start();
  }
}
