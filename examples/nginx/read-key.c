/* Asks a PKCS#11 token, as its logged-in user, for the values of its private keys:
 *
 *     read-key MODULE PIN
 *
 * Prints the token's answer for each key, and exits 0 when it gave none of them away. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <p11-kit/pkcs11.h>

static const char *answer(CK_RV rv)
{
    switch (rv) {
    case CKR_OK: return "CKR_OK";
    case CKR_ATTRIBUTE_SENSITIVE: return "CKR_ATTRIBUTE_SENSITIVE";
    case CKR_ATTRIBUTE_TYPE_INVALID: return "CKR_ATTRIBUTE_TYPE_INVALID";
    default: return "another error";
    }
}

/* Asks for the one secret attribute of a key; 1 when the token kept it. */
static int is_kept(CK_FUNCTION_LIST_PTR p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    char label[64] = "";
    CK_BYTE value[1024];
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE about[] = {
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_LABEL, label, sizeof label - 1},
    };
    if (p11->C_GetAttributeValue(session, key, about, 2) != CKR_OK)
        return 0;
    int rsa = type == CKK_RSA;
    CK_ATTRIBUTE secret = {rsa ? CKA_PRIVATE_EXPONENT : CKA_VALUE, value, sizeof value};
    CK_RV rv = p11->C_GetAttributeValue(session, key, &secret, 1);
    printf("%s of the key \"%s\": %s\n", rsa ? "CKA_PRIVATE_EXPONENT" : "CKA_VALUE", label, answer(rv));
    return rv == CKR_ATTRIBUTE_SENSITIVE && secret.ulValueLen == CK_UNAVAILABLE_INFORMATION;
}

/* Finds the first slot whose token is initialised; 1 when there is one. */
static int find_token(CK_FUNCTION_LIST_PTR p11, CK_SLOT_ID *slot)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    CK_TOKEN_INFO info;

    if (p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        *slot = slots[i];
        if (p11->C_GetTokenInfo(*slot, &info) == CKR_OK && info.flags & CKF_TOKEN_INITIALIZED)
            return 1;
    }
    return 0;
}

/* Counts the private keys that the user sees, and those whose value the token kept. */
static int all_are_kept(CK_FUNCTION_LIST_PTR p11, CK_SLOT_ID slot, const char *pin)
{
    CK_SESSION_HANDLE session;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE query = {CKA_CLASS, &class, sizeof class};
    CK_OBJECT_HANDLE keys[16];
    CK_ULONG found = 0, kept = 0;

    CK_RV rv;
    if ((rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session)) != CKR_OK
        || (rv = p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)pin, strlen(pin))) != CKR_OK
        || (rv = p11->C_FindObjectsInit(session, &query, 1)) != CKR_OK
        || (rv = p11->C_FindObjects(session, keys, 16, &found)) != CKR_OK
        || (rv = p11->C_FindObjectsFinal(session)) != CKR_OK) {
        fprintf(stderr, "the token could not be searched: %#lx\n", rv);
        return 0;
    }
    for (CK_ULONG i = 0; i < found; i++)
        kept += is_kept(p11, session, keys[i]);
    return found > 0 && kept == found;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: read-key MODULE PIN\n");
        return 2;
    }
    void *module = dlopen(argv[1], RTLD_NOW);
    CK_C_GetFunctionList get = module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList") : NULL;
    CK_FUNCTION_LIST_PTR p11;
    CK_SLOT_ID slot;
    if (!get || get(&p11) != CKR_OK || p11->C_Initialize(NULL) != CKR_OK || !find_token(p11, &slot)) {
        fprintf(stderr, "no token: %s\n", argv[1]);
        return 2;
    }
    int kept = all_are_kept(p11, slot, argv[2]);
    p11->C_Finalize(NULL);
    return kept ? 0 : 1;
}
