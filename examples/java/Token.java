import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.util.Arrays;

/** A token as Java sees it: a provider, and the key store that its login opened. */
final class Token implements AutoCloseable {
    final Provider provider;
    final KeyStore keys;

    /**
     * Logs in.
     *
     * @param configuration the file of SunPKCS11 that names the library and the slot
     * @param pinFile a file that holds the user's PIN and nothing else
     */
    Token(String configuration, String pinFile) throws GeneralSecurityException, IOException {
        provider = Security.getProvider("SunPKCS11").configure(configuration);
        // At the end of the list: what needs no key of the token stays with Java's own providers, which are faster.
        Security.addProvider(provider);
        keys = KeyStore.getInstance("PKCS11", provider);
        char[] pin = Files.readString(Path.of(pinFile)).strip().toCharArray();
        try {
            keys.load(null, pin);
        } finally {
            Arrays.fill(pin, '\0');
        }
    }

    /** A handle of the private key: its value stays in the token, and getEncoded() gives null. */
    PrivateKey privateKey(String alias) throws GeneralSecurityException {
        PrivateKey key = (PrivateKey) keys.getKey(alias, null);
        if (key == null) {
            throw new GeneralSecurityException("the token has no private key with a certificate named " + alias);
        }
        return key;
    }

    PublicKey publicKey(String alias) throws GeneralSecurityException {
        return keys.getCertificate(alias).getPublicKey();
    }

    /** Logs out: the whole process, since a login belongs to the process. */
    @Override
    public void close() throws GeneralSecurityException {
        ((AuthProvider) provider).logout();
    }
}
