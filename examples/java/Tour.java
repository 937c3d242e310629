import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import javax.crypto.AEADBadTagException;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * What Java does with keys in a token. Whatever the token computed is checked with Java's own providers.
 *
 * <p>Arguments: claviger.cfg, as `claviger configure java` writes it, agreement.cfg, the file with the user's PIN, the
 * name of a key that agrees. The token has the keys "rsa" and "ec" too.
 */
public final class Tour {
    private static final byte[] MESSAGE = "what is signed".getBytes(StandardCharsets.UTF_8);
    private static final PSSParameterSpec PSS =
            new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, PSSParameterSpec.TRAILER_FIELD_BC);
    // Without this, Java's OAEPWithSHA-256AndMGF1Padding takes SHA-1 for MGF1.
    private static final OAEPParameterSpec OAEP =
            new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);

    private Tour() {}

    public static void main(String[] arguments) throws Exception {
        try (Token token = new Token(arguments[0], arguments[2])) {
            for (String hash : new String[] {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"}) {
                sign(token, "rsa", hash + "withRSA", "SunRsaSign", null);
                sign(token, "ec", hash + "withECDSA", "SunEC", null);
            }
            sign(token, "rsa", "RSASSA-PSS", "SunRsaSign", PSS);
            gcm(token);
            mac(token);
            oaep(token);
        }
        try (Token token = new Token(arguments[1], arguments[2])) {
            agree(token, arguments[3]);
        }
    }

    /** With no provider named, Java takes the first that can use the key: for a key of the token SunPKCS11. */
    private static void sign(Token token, String alias, String algorithm, String verifier, AlgorithmParameterSpec form)
            throws GeneralSecurityException {
        Signature signing = Signature.getInstance(algorithm);
        signing.initSign(token.privateKey(alias));
        if (form != null) {
            // After initSign: setParameter would settle on a provider that does not know the key.
            signing.setParameter(form);
        }
        signing.update(MESSAGE);
        byte[] signature = signing.sign();

        Signature verifying = Signature.getInstance(algorithm, verifier);
        verifying.initVerify(token.publicKey(alias));
        if (form != null) {
            verifying.setParameter(form);
        }
        verifying.update(MESSAGE);
        report("Signature " + algorithm + " by " + signing.getProvider().getName(), verifying.verify(signature));
    }

    /** An AES key is made in the token, kept there under a name, and found again. */
    private static void gcm(Token token) throws Exception {
        KeyGenerator generator = KeyGenerator.getInstance("AES", token.provider);
        generator.init(256);
        token.keys.setKeyEntry("aes", generator.generateKey(), null, null);
        SecretKey key = (SecretKey) token.keys.getKey("aes", null);
        report("KeyStore keeps an AES key, and getEncoded() gives nothing", key.getEncoded() == null);

        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        GCMParameterSpec form = new GCMParameterSpec(128, nonce);
        byte[] sealed = gcm(token, Cipher.ENCRYPT_MODE, key, form, MESSAGE);
        byte[] opened = gcm(token, Cipher.DECRYPT_MODE, key, form, sealed);
        report("Cipher AES/GCM/NoPadding", MessageDigest.isEqual(MESSAGE, opened));
        sealed[0] ^= 1;
        try {
            gcm(token, Cipher.DECRYPT_MODE, key, form, sealed);
            report("Cipher AES/GCM/NoPadding refuses what was altered", false);
        } catch (AEADBadTagException expected) {
            report("Cipher AES/GCM/NoPadding refuses what was altered", true);
        }
        token.keys.deleteEntry("aes");
    }

    private static byte[] gcm(Token token, int mode, SecretKey key, GCMParameterSpec form, byte[] input)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", token.provider);
        cipher.init(mode, key, form);
        cipher.updateAAD("said in clear".getBytes(StandardCharsets.UTF_8));
        return cipher.doFinal(input);
    }

    /** An HMAC key that comes from elsewhere is put into the token; another is made there. */
    private static void mac(Token token) throws Exception {
        byte[] value = new byte[32];
        new SecureRandom().nextBytes(value);
        SecretKey outside = new SecretKeySpec(value, "HmacSHA256");
        token.keys.setKeyEntry("hmac", outside, null, null);
        Mac ours = Mac.getInstance("HmacSHA256", token.provider);
        ours.init(token.keys.getKey("hmac", null));
        Mac theirs = Mac.getInstance("HmacSHA256", "SunJCE");
        theirs.init(outside);
        report("Mac HmacSHA256", MessageDigest.isEqual(ours.doFinal(MESSAGE), theirs.doFinal(MESSAGE)));
        token.keys.deleteEntry("hmac");

        Mac made = Mac.getInstance("HmacSHA512", token.provider);
        made.init(KeyGenerator.getInstance("HmacSHA512", token.provider).generateKey());
        byte[] first = made.doFinal(MESSAGE);
        report("Mac HmacSHA512 with a key of the token's own", MessageDigest.isEqual(first, made.doFinal(MESSAGE)));
    }

    private static void oaep(Token token) throws GeneralSecurityException {
        Cipher outside = Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "SunJCE");
        outside.init(Cipher.ENCRYPT_MODE, token.publicKey("rsa"), OAEP);
        byte[] sealed = outside.doFinal(MESSAGE);
        PrivateKey key = token.privateKey("rsa");
        byte[] opened = Oaep.decrypt(key, token.provider, sealed);
        report("Cipher RSA-OAEP with SHA-256", MessageDigest.isEqual(MESSAGE, opened));
        sealed[sealed.length - 1] ^= 1;
        try {
            Oaep.decrypt(key, token.provider, sealed);
            report("Cipher RSA-OAEP refuses what was altered", false);
        } catch (BadPaddingException expected) {
            report("Cipher RSA-OAEP refuses what was altered", true);
        }
    }

    private static void agree(Token token, String alias) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "SunEC");
        generator.initialize(256);
        KeyPair other = generator.generateKeyPair();

        KeyAgreement ours = KeyAgreement.getInstance("ECDH", token.provider);
        ours.init(token.privateKey(alias));
        ours.doPhase(other.getPublic(), true);
        KeyAgreement theirs = KeyAgreement.getInstance("ECDH", "SunEC");
        theirs.init(other.getPrivate());
        theirs.doPhase(token.publicKey(alias), true);
        report("KeyAgreement ECDH", MessageDigest.isEqual(ours.generateSecret(), theirs.generateSecret()));
    }

    private static void report(String what, boolean done) {
        if (!done) {
            throw new IllegalStateException(what + ": no");
        }
        System.out.println(what + ": yes");
    }
}
