import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.util.Arrays;
import javax.crypto.BadPaddingException;
import javax.crypto.Cipher;

/**
 * RSA-OAEP with a key in a token, SHA-256 for the label and for MGF1, and no label: RFC 8017 section 7.1.2.
 *
 * <p>SunPKCS11 of Java 17 knows no OAEP. The token computes the RSA operation, and the padding is taken off here.
 */
final class Oaep {
    private Oaep() {}

    static byte[] decrypt(PrivateKey key, Provider provider, byte[] ciphertext) throws GeneralSecurityException {
        Cipher raw = Cipher.getInstance("RSA/ECB/NoPadding", provider);
        raw.init(Cipher.DECRYPT_MODE, key);
        return unpad(raw.doFinal(ciphertext));
    }

    private static byte[] unpad(byte[] block) throws GeneralSecurityException {
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        int length = hash.getDigestLength();
        if (block.length < 2 * length + 2) {
            throw new BadPaddingException("the key is too short for this hash");
        }
        byte[] maskedSeed = Arrays.copyOfRange(block, 1, 1 + length);
        byte[] masked = Arrays.copyOfRange(block, 1 + length, block.length);
        byte[] seed = xor(maskedSeed, mask(hash, masked, length));
        byte[] data = xor(masked, mask(hash, seed, masked.length));

        // No branch until all is looked at: what was wrong must not show, in the error or in the time (Manger, 2001).
        byte[] label = hash.digest(new byte[0]);
        int wrong = block[0];
        for (int i = 0; i < length; i++) {
            wrong |= data[i] ^ label[i];
        }
        int start = 0;
        int looking = 1;
        for (int i = length; i < data.length; i++) {
            int isOne = isZero(data[i] ^ 1);
            start |= -(looking & isOne) & (i + 1);
            looking &= 1 - isOne;
            wrong |= looking & (1 - isZero(data[i]));
        }
        if ((wrong | looking) != 0) {
            throw new BadPaddingException("the message cannot be decrypted");
        }
        return Arrays.copyOfRange(data, start, data.length);
    }

    /** 1 for a byte that is 0, else 0. */
    private static int isZero(int value) {
        return ((value & 0xff) - 1) >>> 31;
    }

    /** MGF1, RFC 8017 appendix B.2.1. */
    private static byte[] mask(MessageDigest hash, byte[] seed, int length) {
        byte[] mask = new byte[length];
        for (int counter = 0, done = 0; done < length; counter++) {
            hash.update(seed);
            hash.update(new byte[] {(byte) (counter >> 24), (byte) (counter >> 16), (byte) (counter >> 8), (byte) counter});
            byte[] part = hash.digest();
            int take = Math.min(part.length, length - done);
            System.arraycopy(part, 0, mask, done, take);
            done += take;
        }
        return mask;
    }

    private static byte[] xor(byte[] one, byte[] other) {
        byte[] result = new byte[one.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = (byte) (one[i] ^ other[i]);
        }
        return result;
    }
}
