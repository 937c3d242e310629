/*
 * An application for memory checkers, against Debian's p11-kit header: calls all 68 functions of 2.40, in one thread
 * and in several.
 *
 *     harness MODULE single        makes a token in the first empty slot and walks through every chapter
 *     harness MODULE threads N     makes a token; N threads walk at once, with sessions of their own and shared keys
 *     harness MODULE turmoil N R   N threads walk over and over; another logs them out, closes their sessions, makes
 *                                  tokens and finalizes, R times each. Who is refused begins anew: checkers judge here
 *     harness MODULE race          two threads lend one buffer to the library at once: a mistake, to be found
 *
 * Ends with 0 and prints "walked" when every answer was right.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK(call) expect(#call, call, CKR_OK)
#define ANSWERS(rv, call) expect(#call, call, rv)
#define RW (CKF_SERIAL_SESSION | CKF_RW_SESSION)

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;

static CK_BYTE officer[] = "officer-7301";
static CK_BYTE user[] = "user-4417";
static CK_BYTE other[] = "user-4418";
static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_BYTE text[32] = "thirty-two bytes, two AES blocks";

/* Where a thread that was refused goes on; NULL while every answer must be the right one. */
static _Thread_local jmp_buf *refused;
/* Calls that came back, so that the turmoil waits for work and not for time. */
static atomic_ulong calls;

static void expect(const char *what, CK_RV rv, CK_RV expected)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    if (rv == expected)
        return;
    if (refused != NULL)
        longjmp(*refused, 1);
    fprintf(stderr, "%s answered 0x%lx, not 0x%lx\n", what, rv, expected);
    exit(1);
}

static void same(const void *one, const void *two, size_t len)
{
    if (memcmp(one, two, len) == 0)
        return;
    fprintf(stderr, "a round trip changed its bytes\n");
    exit(1);
}

static void load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    CK_C_GetFunctionList get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
    ANSWERS(CKR_ARGUMENTS_BAD, get(NULL));
    OK(get(&p11));
}

static void initialize(void)
{
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    OK(p11->C_Initialize(&threads));
}

/* 5.4 and 5.5: a token in an empty slot, with both PINs. */
static CK_SLOT_ID make_token(void)
{
    CK_BYTE label[32];
    CK_SLOT_ID slots[16];
    CK_ULONG count = 0;
    CK_SLOT_ID empty = 0;
    CK_TOKEN_INFO info;
    CK_SLOT_INFO about;
    CK_SESSION_HANDLE session;
    memset(label, ' ', sizeof label);
    memcpy(label, "harness", 7);
    OK(p11->C_GetSlotList(CK_FALSE, NULL, &count));
    count = COUNT(slots);
    OK(p11->C_GetSlotList(CK_FALSE, slots, &count));
    for (CK_ULONG i = 0; i < count; i++) {
        OK(p11->C_GetSlotInfo(slots[i], &about));
        OK(p11->C_GetTokenInfo(slots[i], &info));
        if (!(info.flags & CKF_TOKEN_INITIALIZED))
            empty = slots[i];
    }
    OK(p11->C_InitToken(empty, officer, sizeof officer - 1, label));
    OK(p11->C_OpenSession(empty, RW, NULL, NULL, &session));
    OK(p11->C_Login(session, CKU_SO, officer, sizeof officer - 1));
    OK(p11->C_InitPIN(session, user, sizeof user - 1));
    OK(p11->C_Logout(session));
    OK(p11->C_CloseSession(session));
    return empty;
}

static CK_SESSION_HANDLE user_session(void)
{
    CK_SESSION_HANDLE session;
    OK(p11->C_OpenSession(slot, RW, NULL, NULL, &session));
    CK_RV rv = p11->C_Login(session, CKU_USER, user, sizeof user - 1);
    if (rv != CKR_USER_ALREADY_LOGGED_IN)
        OK(rv);
    return session;
}

static void general(void)
{
    CK_INFO info;
    CK_MECHANISM_TYPE mechanisms[1000];
    CK_MECHANISM_INFO about;
    CK_ULONG count = 0;
    CK_SLOT_ID event;
    OK(p11->C_GetInfo(&info));
    OK(p11->C_GetMechanismList(slot, NULL, &count));
    count = 1;
    ANSWERS(CKR_BUFFER_TOO_SMALL, p11->C_GetMechanismList(slot, mechanisms, &count));
    count = COUNT(mechanisms);
    OK(p11->C_GetMechanismList(slot, mechanisms, &count));
    for (CK_ULONG i = 0; i < count; i++)
        OK(p11->C_GetMechanismInfo(slot, mechanisms[i], &about));
    while (p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL) == CKR_OK)
        ;
    ANSWERS(CKR_NO_EVENT, p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &event, NULL));
}

static CK_OBJECT_HANDLE aes_key(CK_SESSION_HANDLE session)
{
    CK_ULONG len = 32;
    CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE template[] = {
        {CKA_VALUE_LEN, &len, sizeof len},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
        {CKA_SENSITIVE, &no, sizeof no},
    };
    CK_OBJECT_HANDLE key;
    OK(p11->C_GenerateKey(session, &generate, template, COUNT(template), &key));
    return key;
}

/* 5.7 */
static void objects(CK_SESSION_HANDLE session)
{
    CK_OBJECT_CLASS data = CKO_DATA;
    CK_BYTE value[64];
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &data, sizeof data},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_LABEL, "found", 5},
        {CKA_VALUE, text, sizeof text},
    };
    CK_ATTRIBUTE label = {CKA_LABEL, "copied", 6};
    CK_ATTRIBUTE asked[] = {{CKA_VALUE, value, sizeof value}, {CKA_LABEL, NULL, 0}};
    CK_OBJECT_HANDLE object, copy, found[4];
    CK_ULONG size, count;
    OK(p11->C_CreateObject(session, template, COUNT(template), &object));
    OK(p11->C_CopyObject(session, object, &label, 1, &copy));
    OK(p11->C_GetObjectSize(session, object, &size));
    OK(p11->C_SetAttributeValue(session, copy, &label, 1));
    OK(p11->C_GetAttributeValue(session, copy, asked, COUNT(asked)));
    same(value, text, sizeof text);
    OK(p11->C_FindObjectsInit(session, &label, 1));
    OK(p11->C_FindObjects(session, found, COUNT(found), &count));
    OK(p11->C_FindObjectsFinal(session));
    OK(p11->C_DestroyObject(session, copy));
    OK(p11->C_DestroyObject(session, object));
    ANSWERS(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, object));
}

/* 5.8 and 5.10 */
static void ciphers(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_BYTE iv[16] = {1};
    CK_MECHANISM modes[] = {{CKM_AES_ECB, NULL, 0}, {CKM_AES_CBC_PAD, iv, sizeof iv}};
    for (size_t i = 0; i < COUNT(modes); i++) {
        CK_BYTE hidden[64], shown[64];
        CK_ULONG len = 0, more, total;
        OK(p11->C_EncryptInit(session, &modes[i], key));
        OK(p11->C_Encrypt(session, text, sizeof text, NULL, &len));
        len = 1;
        ANSWERS(CKR_BUFFER_TOO_SMALL, p11->C_Encrypt(session, text, sizeof text, hidden, &len));
        len = sizeof hidden;
        OK(p11->C_Encrypt(session, text, sizeof text, hidden, &len));
        OK(p11->C_DecryptInit(session, &modes[i], key));
        more = sizeof shown;
        OK(p11->C_Decrypt(session, hidden, len, shown, &more));
        same(shown, text, sizeof text);
        OK(p11->C_EncryptInit(session, &modes[i], key));
        len = sizeof hidden;
        OK(p11->C_EncryptUpdate(session, text, sizeof text, hidden, &len));
        more = sizeof hidden - len;
        OK(p11->C_EncryptFinal(session, hidden + len, &more));
        total = len + more;
        OK(p11->C_DecryptInit(session, &modes[i], key));
        len = sizeof shown;
        OK(p11->C_DecryptUpdate(session, hidden, total, shown, &len));
        more = sizeof shown - len;
        OK(p11->C_DecryptFinal(session, shown + len, &more));
        same(shown, text, sizeof text);
    }
}

/* 5.12 */
static void digests(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE state[4096], first[32], second[32];
    CK_ULONG state_len = sizeof state, len = sizeof first;
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_Digest(session, text, sizeof text, first, &len));
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_DigestUpdate(session, text, sizeof text));
    OK(p11->C_GetOperationState(session, state, &state_len));
    OK(p11->C_DigestFinal(session, second, &len));
    same(first, second, sizeof first);
    OK(p11->C_SetOperationState(session, state, state_len, 0, 0));
    OK(p11->C_DigestKey(session, key));
    OK(p11->C_DigestFinal(session, second, &len));
}

struct pair {
    CK_OBJECT_HANDLE public;
    CK_OBJECT_HANDLE private;
};

static struct pair ec_pair(CK_SESSION_HANDLE session)
{
    static CK_BYTE p256[] = {6, 8, 42, 134, 72, 206, 61, 3, 1, 7};
    CK_MECHANISM generate = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {{CKA_EC_PARAMS, p256, sizeof p256}, {CKA_VERIFY, &yes, sizeof yes}};
    CK_ATTRIBUTE private[] = {{CKA_SIGN, &yes, sizeof yes}, {CKA_DERIVE, &yes, sizeof yes}};
    struct pair pair;
    OK(p11->C_GenerateKeyPair(session, &generate, public, COUNT(public), private, COUNT(private), &pair.public,
                              &pair.private));
    return pair;
}

/* 5.13 and 5.15 */
static void signatures(CK_SESSION_HANDLE session, struct pair pair)
{
    CK_MECHANISM whole = {CKM_ECDSA, NULL, 0}, parts = {CKM_ECDSA_SHA256, NULL, 0};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    OK(p11->C_SignInit(session, &whole, pair.private));
    OK(p11->C_Sign(session, text, sizeof text, signature, &len));
    OK(p11->C_VerifyInit(session, &whole, pair.public));
    OK(p11->C_Verify(session, text, sizeof text, signature, len));
    OK(p11->C_SignInit(session, &parts, pair.private));
    OK(p11->C_SignUpdate(session, text, sizeof text));
    OK(p11->C_SignFinal(session, signature, &len));
    OK(p11->C_VerifyInit(session, &parts, pair.public));
    OK(p11->C_VerifyUpdate(session, text, sizeof text));
    OK(p11->C_VerifyFinal(session, signature, len));
    signature[5] ^= 1;
    OK(p11->C_VerifyInit(session, &whole, pair.public));
    ANSWERS(CKR_SIGNATURE_INVALID, p11->C_Verify(session, text, sizeof text, signature, len));
}

static struct pair rsa_pair(CK_SESSION_HANDLE session)
{
    static CK_BYTE exponent[] = {1, 0, 1};
    CK_ULONG bits = 2048;
    CK_MECHANISM generate = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {
        {CKA_MODULUS_BITS, &bits, sizeof bits},
        {CKA_PUBLIC_EXPONENT, exponent, sizeof exponent},
        {CKA_VERIFY_RECOVER, &yes, sizeof yes},
    };
    CK_ATTRIBUTE private[] = {{CKA_SIGN_RECOVER, &yes, sizeof yes}};
    struct pair pair;
    OK(p11->C_GenerateKeyPair(session, &generate, public, COUNT(public), private, COUNT(private), &pair.public,
                              &pair.private));
    return pair;
}

static void recovery(CK_SESSION_HANDLE session, struct pair pair)
{
    CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE signature[256], shown[256];
    CK_ULONG len = sizeof signature, more = sizeof shown;
    OK(p11->C_SignRecoverInit(session, &rsa, pair.private));
    OK(p11->C_SignRecover(session, text, sizeof text, signature, &len));
    OK(p11->C_VerifyRecoverInit(session, &rsa, pair.public));
    OK(p11->C_VerifyRecover(session, signature, len, shown, &more));
    same(shown, text, sizeof text);
}

/* 5.17 */
static void two_at_once(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, struct pair pair)
{
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0}, sha256 = {CKM_SHA256, NULL, 0}, ecdsa = {CKM_ECDSA_SHA256, NULL, 0};
    CK_BYTE hidden[32], shown[32], first[32], second[32], signature[64];
    CK_ULONG len = sizeof hidden, none = 0, digest = sizeof first, signed_len = sizeof signature;
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_EncryptInit(session, &ecb, key));
    OK(p11->C_DigestEncryptUpdate(session, text, sizeof text, hidden, &len));
    OK(p11->C_DigestFinal(session, first, &digest));
    OK(p11->C_EncryptFinal(session, NULL, &none));
    OK(p11->C_EncryptFinal(session, shown, &none));
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_DecryptInit(session, &ecb, key));
    OK(p11->C_DecryptDigestUpdate(session, hidden, sizeof hidden, shown, &len));
    OK(p11->C_DigestFinal(session, second, &digest));
    OK(p11->C_DecryptFinal(session, shown, &none));
    same(first, second, sizeof first);
    OK(p11->C_SignInit(session, &ecdsa, pair.private));
    OK(p11->C_EncryptInit(session, &ecb, key));
    OK(p11->C_SignEncryptUpdate(session, text, sizeof text, hidden, &len));
    OK(p11->C_SignFinal(session, signature, &signed_len));
    OK(p11->C_EncryptFinal(session, shown, &none));
    OK(p11->C_VerifyInit(session, &ecdsa, pair.public));
    OK(p11->C_DecryptInit(session, &ecb, key));
    OK(p11->C_DecryptVerifyUpdate(session, hidden, sizeof hidden, shown, &len));
    OK(p11->C_VerifyFinal(session, signature, signed_len));
    OK(p11->C_DecryptFinal(session, shown, &none));
}

/* 5.18 */
static void keys(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, struct pair pair)
{
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    CK_KEY_TYPE aes = CKK_AES;
    CK_ULONG len = 32;
    CK_BYTE wrapped[64], point[80];
    CK_ULONG wrapped_len = sizeof wrapped;
    CK_OBJECT_HANDLE unwrapped, derived, inner = aes_key(session);
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &secret, sizeof secret},
        {CKA_KEY_TYPE, &aes, sizeof aes},
        {CKA_VALUE_LEN, &len, sizeof len},
    };
    CK_ATTRIBUTE asked = {CKA_EC_POINT, point, sizeof point};
    CK_ECDH1_DERIVE_PARAMS parameters = {.kdf = CKD_NULL, .pPublicData = point};
    CK_MECHANISM ecdh = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    OK(p11->C_WrapKey(session, &wrap, key, inner, wrapped, &wrapped_len));
    OK(p11->C_UnwrapKey(session, &wrap, key, wrapped, wrapped_len, template, 2, &unwrapped));
    OK(p11->C_GetAttributeValue(session, pair.public, &asked, 1));
    parameters.ulPublicDataLen = asked.ulValueLen;
    OK(p11->C_DeriveKey(session, &ecdh, pair.private, template, COUNT(template), &derived));
    OK(p11->C_DestroyObject(session, inner));
    OK(p11->C_DestroyObject(session, unwrapped));
    OK(p11->C_DestroyObject(session, derived));
}

/* 5.19 and 5.20 */
static void the_rest(CK_SESSION_HANDLE session)
{
    CK_BYTE random[48];
    CK_SESSION_INFO info;
    OK(p11->C_SeedRandom(session, text, sizeof text));
    OK(p11->C_GenerateRandom(session, random, sizeof random));
    OK(p11->C_GetSessionInfo(session, &info));
    ANSWERS(CKR_FUNCTION_NOT_PARALLEL, p11->C_GetFunctionStatus(session));
    ANSWERS(CKR_FUNCTION_NOT_PARALLEL, p11->C_CancelFunction(session));
}

static void single(void)
{
    general();
    CK_SESSION_HANDLE session = user_session();
    CK_OBJECT_HANDLE key = aes_key(session);
    struct pair pair = ec_pair(session);
    objects(session);
    ciphers(session, key);
    digests(session, key);
    signatures(session, pair);
    recovery(session, rsa_pair(session));
    two_at_once(session, key, pair);
    keys(session, key, pair);
    the_rest(session);
    OK(p11->C_SetPIN(session, user, sizeof user - 1, other, sizeof other - 1));
    OK(p11->C_Logout(session));
    ANSWERS(CKR_PIN_INCORRECT, p11->C_Login(session, CKU_USER, user, sizeof user - 1));
    OK(p11->C_CloseSession(session));
    OK(p11->C_CloseAllSessions(slot));
}

/* What the threads share. */
struct shared {
    CK_OBJECT_HANDLE key;
    struct pair pair;
    struct pair rsa;
};

static void *walk(void *given)
{
    struct shared *shared = given;
    CK_SESSION_HANDLE session = user_session();
    general();
    objects(session);
    ciphers(session, shared->key);
    digests(session, shared->key);
    signatures(session, shared->pair);
    recovery(session, shared->rsa);
    two_at_once(session, shared->key, shared->pair);
    keys(session, shared->key, shared->pair);
    the_rest(session);
    OK(p11->C_CloseSession(session));
    return NULL;
}

static void threads(int count)
{
    pthread_t ids[64];
    CK_SESSION_HANDLE session = user_session();
    struct shared shared = {aes_key(session), ec_pair(session), rsa_pair(session)};
    for (int i = 0; i < count; i++)
        OK((CK_RV)pthread_create(&ids[i], NULL, walk, &shared));
    for (int i = 0; i < count; i++)
        OK((CK_RV)pthread_join(ids[i], NULL));
    OK(p11->C_CloseAllSessions(slot));
}

static atomic_bool over;

static void *walk_until_over(void *nothing)
{
    jmp_buf again;
    refused = &again;
    while (!atomic_load(&over)) {
        if (setjmp(again) != 0)
            continue;
        CK_SESSION_HANDLE session = user_session();
        struct pair pair = ec_pair(session);
        CK_OBJECT_HANDLE key = aes_key(session);
        general();
        objects(session);
        ciphers(session, key);
        digests(session, key);
        signatures(session, pair);
        two_at_once(session, key, pair);
        keys(session, key, pair);
        the_rest(session);
        OK(p11->C_CloseSession(session));
    }
    refused = NULL;
    return nothing;
}

static void log_out(void)
{
    OK(p11->C_Logout(user_session()));
}

static void close_all(void)
{
    OK(p11->C_CloseAllSessions(slot));
}

static void change_pin(void)
{
    OK(p11->C_SetPIN(user_session(), user, sizeof user - 1, user, sizeof user - 1));
}

static void one_more_token(void)
{
    make_token();
}

static void finalize(void)
{
    OK(p11->C_Finalize(NULL));
    initialize();
}

/* One disturbance; whether it was refused does not matter: the others may have been faster. */
static void disturb(void (*how)(void))
{
    jmp_buf aside;
    refused = &aside;
    if (setjmp(aside) == 0)
        how();
    refused = NULL;
}

static void turmoil(int count, size_t rounds)
{
    static void (*const kinds[])(void) = {log_out, close_all, change_pin, one_more_token, finalize};
    enum { CALLS_BETWEEN = 60 };
    pthread_t ids[64];
    for (int i = 0; i < count; i++)
        OK((CK_RV)pthread_create(&ids[i], NULL, walk_until_over, NULL));
    for (size_t i = 0; i < rounds * COUNT(kinds); i++) {
        unsigned long until = atomic_load(&calls) + CALLS_BETWEEN * (unsigned long)count;
        while (atomic_load(&calls) < until)
            sched_yield();
        disturb(kinds[i % COUNT(kinds)]);
    }
    atomic_store(&over, true);
    for (int i = 0; i < count; i++)
        OK((CK_RV)pthread_join(ids[i], NULL));
}

static CK_INFO lent_twice;

static void *lend(void *nothing)
{
    for (int i = 0; i < 100; i++)
        OK(p11->C_GetInfo(&lent_twice));
    return nothing;
}

static void race(void)
{
    pthread_t thread;
    OK((CK_RV)pthread_create(&thread, NULL, lend, NULL));
    lend(NULL);
    OK((CK_RV)pthread_join(thread, NULL));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int count = argc > 3 ? atoi(argv[3]) : 4;
    load(argv[1]);
    initialize();
    slot = make_token();
    if (strcmp(argv[2], "threads") == 0)
        threads(count);
    else if (strcmp(argv[2], "turmoil") == 0)
        turmoil(count, argc > 4 ? strtoul(argv[4], NULL, 10) : 1);
    else if (strcmp(argv[2], "race") == 0)
        race();
    else
        single();
    OK(p11->C_Finalize(NULL));
    puts("walked");
    return 0;
}
