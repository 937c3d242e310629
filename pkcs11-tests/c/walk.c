/*
 * A token's day in C, against Debian's p11-kit header: finds the token, logs in, makes a P-256 pair, signs,
 * verifies, finds, destroys. Ends with 0 when every answer was right.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(const char *what, CK_RV rv)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "%s: 0x%lx\n", what, rv);
    exit(1);
}

static CK_FUNCTION_LIST *load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
    CK_FUNCTION_LIST *list = NULL;
    must("C_GetFunctionList", get == NULL ? CKR_GENERAL_ERROR : get(&list));
    return list;
}

static CK_SLOT_ID first_token(CK_FUNCTION_LIST *p11)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = 0;
    must("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, NULL, &count));
    count = 16;
    must("C_GetSlotList", p11->C_GetSlotList(CK_TRUE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        must("C_GetTokenInfo", p11->C_GetTokenInfo(slots[i], &info));
        if (info.flags & CKF_TOKEN_INITIALIZED)
            return slots[i];
    }
    fprintf(stderr, "no token\n");
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    CK_FUNCTION_LIST *p11 = load(argv[1]);
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    must("C_Initialize", p11->C_Initialize(&threads));
    CK_SESSION_HANDLE session;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    must("C_OpenSession", p11->C_OpenSession(first_token(p11), flags, NULL, NULL, &session));
    must("C_Login", p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)argv[2], strlen(argv[2])));

    CK_BBOOL yes = CK_TRUE;
    CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    CK_BYTE label[] = "made in C";
    CK_ATTRIBUTE public_template[] = {
        {CKA_EC_PARAMS, p256, sizeof p256},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_VERIFY, &yes, sizeof yes},
        {CKA_LABEL, label, sizeof label - 1},
    };
    CK_ATTRIBUTE private_template[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_SIGN, &yes, sizeof yes},
        {CKA_LABEL, label, sizeof label - 1},
    };
    CK_MECHANISM generate = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, ecdsa = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE public_key, private_key;
    must("C_GenerateKeyPair",
         p11->C_GenerateKeyPair(session, &generate, public_template, 4, private_template, 3, &public_key,
                                &private_key));

    CK_BYTE digest[32] = {1, 2, 3}, signature[64];
    CK_ULONG length = 0;
    must("C_SignInit", p11->C_SignInit(session, &ecdsa, private_key));
    must("C_Sign", p11->C_Sign(session, digest, sizeof digest, NULL, &length));
    if (length != sizeof signature)
        must("the length", CKR_GENERAL_ERROR);
    must("C_Sign", p11->C_Sign(session, digest, sizeof digest, signature, &length));
    must("C_VerifyInit", p11->C_VerifyInit(session, &ecdsa, public_key));
    must("C_Verify", p11->C_Verify(session, digest, sizeof digest, signature, length));

    CK_ATTRIBUTE wanted = {CKA_LABEL, label, sizeof label - 1};
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 0;
    must("C_FindObjectsInit", p11->C_FindObjectsInit(session, &wanted, 1));
    must("C_FindObjects", p11->C_FindObjects(session, found, 4, &count));
    must("C_FindObjectsFinal", p11->C_FindObjectsFinal(session));
    if (count != 2)
        must("the count", CKR_GENERAL_ERROR);
    for (CK_ULONG i = 0; i < count; i++)
        must("C_DestroyObject", p11->C_DestroyObject(session, found[i]));
    must("C_CloseSession", p11->C_CloseSession(session));
    must("C_Finalize", p11->C_Finalize(NULL));
    puts("signed, verified, found and destroyed");
    return 0;
}
